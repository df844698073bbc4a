"""The pure core: no clock, network, log or async. Everything it needs comes in as a value."""
