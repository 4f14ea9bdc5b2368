// Keys that Streamlit's own shortcuts cannot do: choose a category, write the reason, list the keys.
// Loaded once per page; a key never does anything while somebody types.
(() => {
  if (window.aqReviewKeys) return;
  window.aqReviewKeys = true;
  const typing = (at) =>
    at && (at.isContentEditable || /^(TEXTAREA|SELECT)$/.test(at.tagName) ||
      (at.tagName === "INPUT" && !/^(checkbox|radio|button)$/.test(at.type)));
  document.addEventListener("keydown", (event) => {
    if (!document.querySelector(".st-key-review_bar")) return;
    if (event.key === "Escape" && typing(document.activeElement)) document.activeElement.blur();
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || typing(event.target)) return;
    if (/^[1-6]$/.test(event.key)) {
      const choices = document.querySelectorAll('[class*="st-key-review_value_"][class*="_Category"] button');
      choices[Number(event.key) - 1]?.click();
    } else if (event.key === "e" || event.key === "E") {
      const reason = document.querySelector('[class*="st-key-review_reason_"] textarea, [class*="st-key-review_moderation_reason_"] input');
      if (reason) {
        event.preventDefault(); // the letter itself is no part of the reason
        reason.focus();
      }
    } else if (event.key === "?") {
      document.querySelector(".st-key-review_keys button")?.click();
    }
  });
})();
