def open_sav(path, reading):
    raise NotImplementedError
