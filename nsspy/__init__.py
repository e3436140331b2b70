"""TLS for Apache httpd by Mozilla NSS: the engine that takes the decisions of mod_nss."""

__version__ = "2.0.0"
