/** The memory that clients can make a server keep: one budget, what is charged to it, and how it is relieved. */
package io.seleucia.chat.memory;
