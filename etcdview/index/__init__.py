"""Every key name, counted by kind and namespace and searched, without asking etcd for each page. Names, never values."""
