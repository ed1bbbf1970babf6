// What a page has already that takes a code block of the documentation: one place for a picture.

window.videoOf = () => document.querySelector('video');
