"""What calendar apps write, as fragments (`tests/data/<app>/<edit>.txt`), multiplied by the forms that they come in."""
