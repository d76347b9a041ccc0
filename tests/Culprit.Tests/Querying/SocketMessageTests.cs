using System.Text;
using Culprit.Server.Querying.WebSockets;

namespace Culprit.Tests.Querying;

public sealed class SocketMessageTests
{
    private static readonly string[] Messages =
    [
        """{"action":"publish","ref":"x","event":{"type":"log.entry","message":"a","context":{"n":[1,2,{"b":null}]}}}""",
        """{"action":"publish","events":[{"message":"a"},{"message":"\u00fc\ud83d\ude00"}],"ref":-1.5e3}""",
        """{"action":"subscribe","types":["a","b"],"service":"s","environment":"e","level":["error"],"text":"\ud83d","trace_id":"t"}""",
        """{"action":"\u0070ing","\ud800":1}""",
    ];

    [Fact]
    public void APublishedEventIsHandedOnByteForByte()
    {
        var (message, mistake) = Parse("""{"ref":"x", "event" : {"message": "a\u0041"} , "action":"publish"}""");

        Assert.Null(mistake);
        Assert.Equal((SocketAction.Publish, "\"x\"", """{"message": "a\u0041"}"""), (message!.Action, Text(message.Ref), Text(message.Body)));
    }

    [Fact]
    public void AnObjectWithoutAnActionIsAnEventWhateverItsFields()
    {
        const string Json = """{"type":"x","ref":{},"event":1,"types":2,"types":3}""";

        Assert.Equal((SocketAction.Publish, Json), (Parse(Json).Message!.Action, Text(Parse(Json).Message!.Body)));
    }

    [Fact]
    public void ASubscriptionSpeaksTheWordsOfAQuery()
    {
        var (message, _) = Parse("""{"action":"subscribe","types":["a","b"],"level":"error,fatal","text":"x,y"}""");

        Assert.Equal(
            new Dictionary<string, string> { ["type"] = "a,b", ["level"] = "error,fatal", ["text"] = "x,y" }, message!.Filter);
    }

    [Fact]
    public void NoBytesThrow()
    {
        var random = new Random(20_261_123);
        var outcomes = new int[2];
        for (var i = 0; i < 40_000; i++)
        {
            var bytes = Encoding.UTF8.GetBytes(Messages[i % Messages.Length]);
            for (var change = random.Next(4); change > 0; change--)
            {
                var at = random.Next(bytes.Length);
                bytes = random.Next(3) switch
                {
                    0 => bytes[..at],
                    1 => [.. bytes[..at], (byte)random.Next(256), .. bytes[at..]],
                    _ => [.. bytes[..at], (byte)"{}[]\",:\\u0 a"[random.Next(12)], .. bytes[(at + 1)..]],
                };
                if (bytes.Length == 0)
                {
                    break;
                }
            }

            var (message, mistake) = SocketMessageParser.Parse(bytes);

            Assert.True(message is null != mistake is null);
            outcomes[message is null ? 0 : 1]++;
        }

        Assert.All(outcomes, count => Assert.True(count > 1000));
    }

    private static (SocketMessage? Message, SocketMistake? Mistake) Parse(string json) => SocketMessageParser.Parse(Encoding.UTF8.GetBytes(json));

    private static string Text(ReadOnlyMemory<byte> utf8) => Encoding.UTF8.GetString(utf8.Span);
}
