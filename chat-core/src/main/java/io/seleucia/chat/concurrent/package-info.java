/** How threads of this library run: loops that survive whatever one item does to them. */
package io.seleucia.chat.concurrent;
