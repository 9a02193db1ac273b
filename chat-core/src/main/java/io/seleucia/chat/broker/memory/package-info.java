/** The broker in the memory of one process, with or without a journal, and the reader of a journal's archive. */
package io.seleucia.chat.broker.memory;
