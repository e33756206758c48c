const form = document.getElementById("sign-in");
form.addEventListener("submit", (event) => {
  event.preventDefault();
  grecaptcha.ready(async () => {
    form.elements["g-recaptcha-response"].value = await grecaptcha.execute(SITE_KEY, { action: "sign_in" });
    form.submit();
  });
});
