"""
HTTP besides the WebSockets: resources for twisted.web, the browser client, and the macro for templates.
"""
