const form = document.getElementById("sign-in");
form.addEventListener("submit", (event) => {
  event.preventDefault();
  grecaptcha.enterprise.ready(async () => {
    form.elements["g-recaptcha-response"].value = await grecaptcha.enterprise.execute(SITE_KEY, { action: "sign_in" });
    form.submit();
  });
});
