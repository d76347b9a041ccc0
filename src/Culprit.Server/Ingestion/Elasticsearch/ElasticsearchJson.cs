using System.Buffers;
using System.Text.Json;
using Culprit.Server.Http;

namespace Culprit.Server.Ingestion.Elasticsearch;

/// <summary>The small documents that clients ask for before they send.</summary>
internal static class ElasticsearchJson
{
    public static readonly byte[] Empty = "{}"u8.ToArray();

    public static readonly byte[] Acknowledged = "{\"acknowledged\":true}"u8.ToArray();

    /// <summary>Beats send nothing before they have seen an active licence.</summary>
    public static readonly byte[] License = """
        {"license":{"uid":"culprit","type":"basic","status":"active","mode":"basic","expiry_date_in_millis":4000000000000}}
        """u8.ToArray();

    /// <summary>Beats of version 7 ask here instead.</summary>
    public static readonly byte[] Xpack = """
        {"license":{"uid":"culprit","type":"basic","status":"active","mode":"basic","expiry_date_in_millis":4000000000000},"features":{"ilm":{"available":true,"enabled":true}}}
        """u8.ToArray();

    public static readonly byte[] Health = """
        {"cluster_name":"culprit","status":"green","timed_out":false,"number_of_nodes":1,"number_of_data_nodes":1}
        """u8.ToArray();

    /// <summary>No addresses: whoever looks for more nodes stays with the one that it has.</summary>
    public static readonly byte[] Nodes = "{\"_nodes\":{\"total\":1,\"successful\":1,\"failed\":0},\"cluster_name\":\"culprit\",\"nodes\":{}}"u8.ToArray();

    public static byte[] Error(Problem problem)
    {
        var body = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteStartObject("error");
            json.WriteStartArray("root_cause");
            json.WriteStartObject();
            WriteCause(json, problem);
            json.WriteEndObject();
            json.WriteEndArray();
            WriteCause(json, problem);
            json.WriteEndObject();
            json.WriteNumber("status", problem.Status);
            json.WriteEndObject();
        }

        return body.WrittenSpan.ToArray();
    }

    private static void WriteCause(Utf8JsonWriter json, Problem problem)
    {
        json.WriteString("type", problem.Code);
        json.WriteString("reason", problem.Detail);
    }
}
