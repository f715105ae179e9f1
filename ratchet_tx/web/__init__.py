"""
What goes over HTTP beside the sockets: resources for twisted.web, the browser client, and the macro for templates.
"""
