"""Who works here and how they prove it: passwords and second factors, passkeys, single sign-on."""
