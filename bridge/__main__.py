"""`python -m bridge` is `liondesk-bridge`."""

from bridge.cli import main

if __name__ == "__main__":
    main()
