"""Engine.IO, versions 3 and 4: packets on polls and websockets, and the state of a session. Does no I/O.

https://github.com/socketio/engine.io-protocol; version 3 is what Socket.IO 1 and 2 speak, version 4 what
later ones do.
"""
