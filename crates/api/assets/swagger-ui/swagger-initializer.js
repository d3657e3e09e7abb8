window.onload = function () {
  window.ui = SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    // By default the page sends the document's address to a validator on the internet, which must not
    // learn where this service runs.
    validatorUrl: "none",
  });
};
