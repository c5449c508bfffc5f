"""Sign-in: allauth's adapters and forms with our limits, single sign-on, second factors and sessions."""
