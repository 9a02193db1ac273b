/** The broker over Redis, by which several servers are one chat. The only package that uses Jedis. */
package io.seleucia.chat.broker.redis;
