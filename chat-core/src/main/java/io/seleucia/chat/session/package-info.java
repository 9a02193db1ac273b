/** Sessions: identity, rights and allowance of a client, and its requests. */
package io.seleucia.chat.session;
