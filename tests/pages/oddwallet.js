// A wallet for tests: it does what window.odd says, and notes what it was asked in window.asked.
window.asked = [];
paydaemon.wallets.register({
  name: "Odd wallet",
  request: async (request) => {
    window.asked.push(request);
    return await window.odd[request.method]?.(request.params);
  },
});
