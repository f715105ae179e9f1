"""
Conformance with RFC 6455 and RFC 7692: the Autobahn test suite against the package's protocol, with an echo for a hub.
"""
