"""How members sign in: passwords and second factors, passkeys, single sign-on."""
