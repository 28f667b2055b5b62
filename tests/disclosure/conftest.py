"""Makes the modules that tests of several packages share importable: pytest adds this folder."""
