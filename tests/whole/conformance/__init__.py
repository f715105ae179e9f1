"""
Conformance with RFC 6455 and RFC 7692: the Autobahn test suite, against our protocol with an echo in the hub's place.
"""
