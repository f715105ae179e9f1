"""
Packaging: what is installed, and what it needs.
"""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent

EXTRAS = {
    "templates": ["Jinja2>=3.1"],
    "tls": ["Twisted[tls]>=26.4", "pyOpenSSL>=25.2"],
    "jwt": ["PyJWT[crypto]>=2.13"],
    "test": [
        "Jinja2>=3.1",
        "PyJWT[crypto]>=2.13",
        "Twisted[tls]>=26.4",
        "aiohttp>=3.11",
        "coverage[toml]>=7.10",
        "docutils>=0.22",
        "httpx-ws>=0.7",
        "hypothesis>=6.100",
        "jsonschema>=4.20",
        "klein>=24.8",
        "kosoku>=0.1",
        "playwright>=1.50",
        "pyOpenSSL>=25.2",
        "pygments>=2.17",
        "pytest>=8",
        "pytest-twisted>=1.14.3",
        "websocket-client>=1.8",
        "websockets>=13",
        "ws4py>=0.6",
    ],
    "bench": ["Twisted[tls]>=26.4", "matplotlib>=3.8", "picows>=1.8", "uvloop>=0.19"],
    "fuzz": ["atheris>=2.3"],
    "dev": [
        "mypy>=2.4",
        "mypy-zope>=1.0.17",
        "ruff>=0.17",
        "towncrier>=24.8",
    ],
}

setup(
    name="ratchet_tx",
    version=re.search(r'__version__ = "(.+)"', (HERE / "ratchet_tx/__init__.py").read_text())[1],
    description="Named JSON events over WebSockets, for Twisted",
    long_description=(HERE / "README.rst").read_text(),
    long_description_content_type="text/x-rst",
    license="MIT",
    author="The ratchet_tx developers",
    keywords="websocket twisted realtime events zope autobahn",
    classifiers=[
        "Development Status :: 4 - Beta",
        "Framework :: Twisted",
        "Intended Audience :: Developers",
        "Operating System :: POSIX",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Internet :: WWW/HTTP",
        "Typing :: Typed",
    ],
    python_requires=">=3.11",
    # twisted.plugins is no package of ours: our one file is put into Twisted's.  The folder is named, although it is the
    # default, because only then does an editable install put it on the path, where Twisted looks for plugins.
    package_dir={"": "."},
    packages=[*find_packages(include=["ratchet_tx", "ratchet_tx.*"]), "twisted.plugins"],
    package_data={
        "ratchet_tx": ["py.typed", "web/browser/*", "web/templates/*.html"],
        "twisted": ["plugins/ratchet_plugin.py"],
    },
    install_requires=[
        "Twisted>=26.4",
        "autobahn>=26.7.1",
        "idna>=3.7",
        "msgspec>=0.22",
        "setuptools; python_version < '3.12'",
        "typing_extensions>=4.9",
        "zope.interface>=7.0.1",
    ],
    extras_require=EXTRAS,
    zip_safe=False,
)
