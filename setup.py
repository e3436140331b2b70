"""Builds the package and its NSS binding; everything else is said in pyproject.toml.

The httpd module is no Python package and is not built here: ``make build`` does that.
"""

from setuptools import setup

setup(cffi_modules=["cext/build_nss.py:ffibuilder"])
