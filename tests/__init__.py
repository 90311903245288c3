"""Unit, integration, browser and fault tests, mirroring the packages; `make test` runs them all."""
