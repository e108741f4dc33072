"""What the daemon remembers. `port` says what any store must do; `sqlite` is the default one."""
