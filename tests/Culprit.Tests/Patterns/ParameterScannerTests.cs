using System.Globalization;
using System.Text;
using Culprit.Engine.Patterns;
using Xunit;

namespace Culprit.Tests.Patterns;

public sealed class ParameterScannerTests
{
    [Theory]
    [InlineData("took 12 ms", "Duration '12 ms' 12000000")]
    [InlineData("took 1.5s", "Duration '1.5s' 1500000000")]
    [InlineData("took 1m30.5s", "Duration '1m30.5s' 90500000000")]
    [InlineData("duration_ms=250", "Duration '250' 250000000 key=duration_ms")]
    [InlineData("sent 4 KB", "Size '4 KB' 4096")]
    [InlineData("bytes: 77", "Size '77' 77 key=bytes")]
    [InlineData("from 10.0.0.7 now", "Ip '10.0.0.7' 0")]
    [InlineData("to 10.0.0.7:5432 refused", "Peer '10.0.0.7:5432' 5432")]
    [InlineData("to db.prod.svc:5432 refused", "Peer 'db.prod.svc:5432' 5432")]
    [InlineData("to localhost:80 refused", "Peer 'localhost:80' 80")]
    [InlineData("lookup db.example.com failed", "Host 'db.example.com' 0")]
    [InlineData("GET https://a.example.com/x?y=1 failed", "Url 'https://a.example.com/x?y=1' 0")]
    [InlineData("open /var/log/x denied", "Path '/var/log/x' 0")]
    [InlineData("request a8e93631-3e78-4f2b-9aee-000000000000 done", "Id 'a8e93631-3e78-4f2b-9aee-000000000000' 0")]
    [InlineData("order_id=17 paid", "Id '17' 17 key=order_id")]
    [InlineData("slot 17 free", "Number '17' 17")]
    [InlineData("at 2026-11-23T06 ok", "Time '2026-11-23T06' 0")]
    [InlineData("mail bob@example.com sent", "Email 'bob@example.com' 0")]
    [InlineData("user=bob in", "Word 'bob' 0 key=user")]
    [InlineData("{\"took_ms\":5,\"msg\":\"done\"}", "Duration '5' 5000000 key=took_ms; Word 'done' 0 key=msg")]
    [InlineData("level=info msg=\"call took 3 ms\" peer=10.1.1.1:80", "Word 'info' 0 key=level; Peer '10.1.1.1:80' 80 key=peer; Duration '3 ms' 3000000")]
    public void ValuesAreTypedAndNamed(string message, string expected)
    {
        var bytes = Encoding.UTF8.GetBytes(message);

        var found = new ParameterScanner().Extract(bytes);

        Assert.Equal(expected, string.Join("; ", found.Select(p => Show(p, bytes))));
    }

    private static string Show(Parameter parameter, byte[] message)
    {
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{parameter.Kind} '{Encoding.UTF8.GetString(parameter.Of(message))}' {parameter.Value}");
        return parameter.KeyLength == 0 ? text : $"{text} key={Encoding.UTF8.GetString(parameter.KeyOf(message))}";
    }
}
