using Culprit.Server.Ingestion.Files;
using Xunit;

namespace Culprit.Tests.Ingestion.Files;

public sealed class FileServiceNameTests
{
    [Theory]
    [InlineData("/x/payments.log", null, "payments")]
    [InlineData("/x/payments.log.1", null, "payments")]
    [InlineData("/x/payments.log.2024-01-15.gz", null, "payments")]
    [InlineData("/x/payments-2024-01-15.log", null, "payments")]
    [InlineData("/x/payments.log-20240115", null, "payments")]
    [InlineData("/x/order-service.jsonl.zst", null, "order-service")]
    [InlineData("/x/app.log", null, "app")]
    [InlineData("/x/cart/app.log", "/x", "cart")]
    [InlineData("/x/app.log", "/x", "app")]
    [InlineData("/var/log/nginx/access.log.3.gz", null, "nginx")]
    [InlineData("/var/log/pods/shop_cart-6f7d-x2_0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f/web/0.log", null, "web")]
    [InlineData("/var/log/containers/cart-6f7d-x2_shop_web-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.log", null, "web")]
    public void TheServiceIsReadFromThePlaceOfTheFile(string path, string? root, string expected)
    {
        var service = FileServiceName.Of(path, root);

        Assert.Equal(expected, service);
    }
}
