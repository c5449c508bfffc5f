/* Passkeys: hands the browser what the server asks (in the page, or fetched for a sign-in) and sends back its answer. */
const asked = async (form) => {
  const inPage = document.getElementById("passkey-options");
  if (inPage) return JSON.parse(inPage.textContent).publicKey;
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  return (await answer.json()).request_options.publicKey;
};

async function make(form) {
  const options = PublicKeyCredential.parseCreationOptionsFromJSON(await asked(form));
  if (form.elements.passwordless?.checked) {
    Object.assign(options.authenticatorSelection, { residentKey: "required", requireResidentKey: true, userVerification: "required" });
  }
  return navigator.credentials.create({ publicKey: options });
}

async function use(form) {
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(await asked(form)) });
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-passkey]");
  if (!button) return;
  event.preventDefault();
  const { form } = button;
  const problem = form.querySelector("[role=alert]:not(.notice)");
  problem.hidden = true;
  try {
    form.elements.credential.value = JSON.stringify(await (button.dataset.passkey === "make" ? make : use)(form));
    form.submit();
  } catch (error) {
    const why = { NotAllowedError: "It was cancelled, or took too long.", SecurityError: "Browsers offer passkeys only under a host name over https." };
    problem.textContent = why[error.name] ?? "The browser offers no passkey here.";
    problem.hidden = false;
  }
});
