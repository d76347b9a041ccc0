using System.Globalization;
using System.Text;
using Culprit.Server.Configuration;
using Culprit.Server.Journal;

namespace Culprit.Server.Ingestion.Elasticsearch;

/// <summary>What clients ask first: who this is, and of which version.</summary>
internal sealed class ElasticsearchIdentity(Settings settings, IJournal journal)
{
    /// <summary>The members of the answer, without braces: part of <c>GET /</c>, too.</summary>
    public string Members { get; } = string.Create(CultureInfo.InvariantCulture, $$"""
        "name":"culprit","cluster_name":"culprit","cluster_uuid":"{{journal.Id:x16}}","version":{"number":"{{settings.Options.Elasticsearch.Version}}","build_flavor":"default","build_type":"tar","build_hash":"culprit","build_date":"2026-01-01T00:00:00.000Z","build_snapshot":false,"lucene_version":"10.0.0","minimum_wire_compatibility_version":"7.17.0","minimum_index_compatibility_version":"7.0.0"},"tagline":"You Know, for Search"
        """);

    public byte[] Json => Encoding.UTF8.GetBytes("{" + Members + "}");
}
