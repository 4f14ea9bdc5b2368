"""Load tests: virtual users who drive the app over its own websocket, as browsers do."""
