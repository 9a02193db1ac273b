package io.seleucia.chat.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.TestKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is read from the files of a key, and what is said of those that can't be used. */
class KeyFilesTest {
    @TempDir
    private static Path keys;

    private static TestKey rsa;
    private static TestKey ec;
    private static TestKey otherEc;
    private static TestKey signed;

    @TempDir
    private Path directory;

    @BeforeAll
    static void makeKeys() throws Exception {
        rsa = TestKey.make(keys.resolve("rsa.p12"), "RSA");
        ec = TestKey.make(keys.resolve("ec.p12"), "EC");
        otherEc = TestKey.make(keys.resolve("other.p12"), "EC");
        signed = TestKey.makeSigned(keys.resolve("signed.p12"));
    }

    @Test
    void readsCertificateAndKeyFromOneFileWithWhateverElse() throws Exception {
        Path both = file(
                "both.pem", "Bag Attributes\n" + ec.key().replace("\n", "\r\n") + "subject=x\n" + ec.certificates());

        assertThat(new PemFiles(both, both).read()).isNotEmpty();
    }

    @Test
    void readsAChain() throws Exception {
        assertThat(pem(signed.certificates(), signed.key()).read()).isNotEmpty();
    }

    @Test
    void refusesAChainInAnotherOrder() throws Exception {
        String why = "are no chain: each must be followed by its issuer's";

        assertRefused(pem(signed.certificates() + ec.certificates(), signed.key()), why);
        assertRefused(pem(ec.certificates() + signed.certificates(), signed.key()), "the first certificate in");
    }

    @Test
    void refusesTheKeyOfAnotherCertificate() throws Exception {
        assertRefused(pem(ec.certificates(), otherEc.key()), "is not of the private key in", "key.pem");
        assertRefused(pem(ec.certificates(), rsa.key()), "is not of the private key in", "key.pem");
        assertRefused(pem(rsa.certificates(), ec.key()), "is not of the private key in", "key.pem");
    }

    @Test
    void refusesWhatHasNoCertificateOrNoKey() throws Exception {
        assertRefused(pem(ec.key(), ec.key()), "cert.pem holds no line -----BEGIN CERTIFICATE-----");
        assertRefused(pem(ec.certificates(), ec.certificates()), "key.pem holds no line -----BEGIN PRIVATE KEY-----");
        assertRefused(pem("", ""), "cert.pem holds no line");
        assertRefused(pem(ec.certificates().replace("-----END", "----- END"), ec.key()), "cert.pem holds no line");
    }

    @Test
    void refusesWhatIsMalformed() throws Exception {
        String certificate = ec.certificates();
        String noCertificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        String noKey = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";

        assertRefused(pem(certificate + noCertificate, ec.key()), "certificate 2 in", "cert.pem is malformed");
        assertRefused(pem(certificate.replace("\nMII", "\n?"), ec.key()), "cert.pem is malformed", "is not base64");
        assertRefused(pem(certificate, noKey), "key.pem is malformed, or neither RSA nor EC");
        assertRefused(pem(certificate, noKey.replace("AAAA", "secret?")), "key.pem is malformed", "is not base64");
    }

    @Test
    void saysHowToConvertAKeyInAnotherForm() throws Exception {
        String convert = "convert it with: openssl pkcs8 -topk8 -nocrypt -in ";

        assertRefused(pem(ec.certificates(), block("RSA PRIVATE KEY")), "key.pem is in PKCS#1 form", convert);
        assertRefused(pem(ec.certificates(), block("EC PARAMETERS") + block("EC PRIVATE KEY")), "SEC 1 form", convert);
        assertRefused(pem(ec.certificates(), block("ENCRYPTED PRIVATE KEY")), "key.pem is encrypted", convert);
    }

    private static String block(String label) {
        return "-----BEGIN " + label + "-----\nsecret\n-----END " + label + "-----\n";
    }

    @Test
    void refusesAFileThatCannotBeRead() throws Exception {
        Path missing = directory.resolve("missing");
        Path key = file("key.pem", ec.key());

        assertRefused(new PemFiles(missing, key), "missing does not exist");
        assertRefused(new PemFiles(file("cert.pem", ec.certificates()), missing), "missing does not exist");
        assertRefused(new PemFiles(directory, key), directory + " can't be read");
        assertRefused(new KeystoreFiles(missing, file("password", "secret")), "missing does not exist");
        assertRefused(new KeystoreFiles(rsa.keystore(), missing), "missing does not exist");
    }

    @Test
    void readsAKeystoreWithThePasswordInTheFirstLine() throws Exception {
        assertThat(new KeystoreFiles(rsa.keystore(), file("password", TestKey.PASSWORD + "\r\nx")).read())
                .isNotEmpty();
        assertThat(new KeystoreFiles(rsa.keystore(), file("password", TestKey.PASSWORD)).read())
                .isNotEmpty();
    }

    @Test
    void refusesAKeystoreThatItsPasswordDoesNotOpen() throws Exception {
        String why = "the password in " + directory.resolve("password") + " does not open " + rsa.keystore();

        assertRefused(new KeystoreFiles(rsa.keystore(), file("password", "secret\n" + TestKey.PASSWORD)), why);
        assertRefused(new KeystoreFiles(rsa.keystore(), file("password", "\n")), why);
        assertRefused(new KeystoreFiles(rsa.keystore(), file("password", "")), "password is empty: its first line");
    }

    @Test
    void refusesAKeystoreThatIsNone() throws Exception {
        Path password = rsa.passwordFile();

        assertRefused(new KeystoreFiles(file("cert.pem", rsa.certificates()), password), "is not a PKCS12 keystore");
        assertRefused(new KeystoreFiles(file("empty", ""), password), "is not a PKCS12 keystore");
    }

    private PemFiles pem(String certificates, String key) throws IOException {
        return new PemFiles(file("cert.pem", certificates), file("key.pem", key));
    }

    private Path file(String name, String content) throws IOException {
        return Files.writeString(directory.resolve(name), content);
    }

    private static void assertRefused(KeyFiles files, String... why) {
        assertThatThrownBy(files::read)
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll(why)
                .hasMessageNotContainingAny("secret", TestKey.PASSWORD, "\n");
    }
}
