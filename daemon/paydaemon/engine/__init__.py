"""The engine: observation or request → one pure step → one store transaction → whoever waits is woken.

It orders the others about and decides nothing itself: what money and state do is decided in
`paydaemon.core`, what is kept in `paydaemon.store`.
"""
