using System.Buffers;
using System.Text.Json;
using Culprit.Engine.Ingestion;

namespace Culprit.Server.Ingestion;

/// <summary>The success answers of <c>POST /events</c>.</summary>
internal static class EventAnswers
{
    /// <summary>A lone event is durable.</summary>
    public static StoredAnswer Published(string id) => Write(StatusCodes.Status201Created, json =>
    {
        json.WriteString("id", id);
        json.WriteString("status", "published");
    });

    /// <summary>A lone event was taken, but is known already or was sampled out.</summary>
    /// <param name="sentId">The id that it came with; empty for none.</param>
    public static StoredAnswer NotKept(string sentId, bool isSampled) => Write(StatusCodes.Status201Created, json =>
    {
        if (sentId.Length == 0)
        {
            json.WriteNull("id");
        }
        else
        {
            json.WriteString("id", sentId);
        }

        json.WriteString("status", "published");
        json.WriteBoolean(isSampled ? "sampled" : "duplicate", true);
    });

    /// <summary>A sampled-out event counts as accepted: it was taken, and the events that were kept stand for it.</summary>
    public static StoredAnswer Counted(int accepted, int sampled, BatchParse parse) => Write(StatusCodes.Status200OK, json =>
    {
        json.WriteNumber("accepted", accepted);
        if (sampled > 0)
        {
            json.WriteNumber("sampled", sampled);
        }

        json.WriteNumber("duplicates", parse.Duplicates);
        json.WriteStartArray("rejected");
        foreach (var rejection in parse.Rejected)
        {
            json.WriteStartObject();
            json.WriteNumber("index", rejection.Index);
            json.WriteString("code", rejection.Code);
            json.WriteString("detail", rejection.Detail);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    private static StoredAnswer Write(int status, Action<Utf8JsonWriter> fields)
    {
        var body = new ArrayBufferWriter<byte>(96);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            fields(json);
            json.WriteEndObject();
        }

        return new StoredAnswer(status, body.WrittenMemory);
    }
}
