import "@hcaptcha/vanilla-hcaptcha";
