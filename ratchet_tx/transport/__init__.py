"""
From sockets to messages: Autobahn's protocol and its factory.
"""
