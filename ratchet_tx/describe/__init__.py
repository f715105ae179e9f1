"""
Documents of the registered events: AsyncAPI and TypeScript.
"""
