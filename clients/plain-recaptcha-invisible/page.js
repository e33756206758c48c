window.onSubmit = () => document.getElementById("sign-in").submit();
