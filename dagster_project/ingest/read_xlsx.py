def open_xlsx(path, reading):
    raise NotImplementedError
