using System.Security.Cryptography;
using System.Text;
using Culprit.Server.Alerting.Sinks.Webhook;
using Xunit;

namespace Culprit.Tests.Alerting;

public sealed class WebhookSignatureTests
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    [Fact]
    public void TheVectorOfTheReferenceLibrariesIsMet()
    {
        var signature = WebhookSignature.Of(
            [WebhookSecret.TryParse(Secret)!], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, """{"test": 2432232314}"""u8);

        Assert.Equal("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", signature);
    }

    [Fact]
    public void EachSecretAddsASignatureThatStandsAlone()
    {
        byte[] other = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        var body = "{\"a\":\"é😀\"}"u8.ToArray();

        var signature = WebhookSignature.Of([WebhookSecret.TryParse(Secret)!, other], "m1", 5, body);

        var expected = Convert.ToBase64String(HMACSHA256.HashData(other, Encoding.UTF8.GetBytes("m1.5.{\"a\":\"é😀\"}")));
        Assert.Equal(2, signature.Split(' ').Length);
        Assert.Equal("v1," + expected, signature.Split(' ')[1]);
        Assert.NotEqual(signature.Split(' ')[0], signature.Split(' ')[1]);
    }

    [Theory]
    [InlineData(23, false)]
    [InlineData(24, true)]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void ASecretHas24To64Bytes(int bytes, bool isSecret) =>
        Assert.Equal(isSecret, WebhookSecret.TryParse("whsec_" + Convert.ToBase64String(new byte[bytes])) is not null);

    [Theory]
    [InlineData("")]
    [InlineData("whsec_")]
    [InlineData("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [InlineData("whsec_not base64 at all, but long enough to be one")]
    public void OtherTextsAreNoSecrets(string text) => Assert.Null(WebhookSecret.TryParse(text));
}
