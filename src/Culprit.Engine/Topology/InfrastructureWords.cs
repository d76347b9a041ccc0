using System.Collections.Frozen;

namespace Culprit.Engine.Topology;

/// <summary>What kind of resource a word of infrastructure stands for.</summary>
internal enum ResourceClass : byte
{
    None = 0,
    Database = 1,
    Cache = 2,
    Broker = 3,
    Search = 4,
    ObjectStore = 5,
    Mail = 6,
    NameResolution = 7,
    Directory = 8,
    Coordination = 9,
}

/// <summary>A word that operators use for infrastructure.</summary>
/// <param name="Name">The product (<c>postgres</c>), or the general word (<c>database</c>).</param>
/// <param name="IsGeneric">The word says what it is, but not which one.</param>
/// <param name="IsHosted">A cloud runs it for everybody: nobody here operates an instance of that name.</param>
internal sealed record InfrastructureWord(ResourceClass Class, string Name, bool IsGeneric, bool IsHosted = false);

/// <summary>The general vocabulary of infrastructure, as people write it in messages.</summary>
internal static class InfrastructureWords
{
    private static readonly FrozenDictionary<string, InfrastructureWord> Words = Vocabulary().ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<int, string> Ports = new Dictionary<int, string>
    {
        [25] = "smtp",
        [53] = "dns",
        [389] = "ldap",
        [465] = "smtp",
        [587] = "smtp",
        [636] = "ldap",
        [1433] = "sqlserver",
        [1521] = "oracle",
        [2181] = "zookeeper",
        [2379] = "etcd",
        [3306] = "mysql",
        [4222] = "nats",
        [5432] = "postgres",
        [5672] = "rabbitmq",
        [6379] = "redis",
        [8500] = "consul",
        [9042] = "cassandra",
        [9092] = "kafka",
        [9200] = "elasticsearch",
        [11211] = "memcached",
        [27017] = "mongodb",
    }.ToFrozenDictionary();

    /// <summary>The word itself, in lower case; null when it means nothing here.</summary>
    public static InfrastructureWord? Of(string word) => Words.GetValueOrDefault(word);

    /// <summary>What usually listens on a port; null when nothing in particular does.</summary>
    public static InfrastructureWord? OfPort(int port) => Ports.TryGetValue(port, out var name) ? Words[name] : null;

    /// <summary>What a node is by its name: <c>orders-db</c> is a database; null when the name does not tell.</summary>
    public static InfrastructureWord? OfNode(string node) => Find(node) is [var first, ..] ? first : null;

    /// <summary>Every word of infrastructure in a text: products first, then general words, each in the order of the text.</summary>
    /// <remarks>Words within <c>camelCase</c> count, so that an exception's name tells: <c>RedisConnectionException</c>.</remarks>
    public static IReadOnlyList<InfrastructureWord> Find(string text)
    {
        var found = new List<InfrastructureWord>();
        foreach (var word in Split(text))
        {
            if (Words.TryGetValue(word, out var known) && !found.Contains(known))
            {
                found.Add(known);
            }
        }

        return [.. found.OrderBy(w => w.IsGeneric)];
    }

    private static IEnumerable<string> Split(string text)
    {
        var start = 0;
        for (var i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && char.IsAsciiLetterOrDigit(text[i]))
            {
                continue;
            }

            if (i > start)
            {
                var token = text[start..i];
                var lower = token.ToLowerInvariant();
                yield return lower;
                if (!Words.ContainsKey(lower))
                {
                    foreach (var part in CamelParts(token))
                    {
                        yield return part;
                    }
                }
            }

            start = i + 1;
        }
    }

    private static IEnumerable<string> CamelParts(string token)
    {
        var start = 0;
        for (var i = 1; i < token.Length; i++)
        {
            var isBoundary = char.IsAsciiLetterUpper(token[i])
                && (!char.IsAsciiLetterUpper(token[i - 1]) || (i + 1 < token.Length && char.IsAsciiLetterLower(token[i + 1])));
            if (isBoundary)
            {
                yield return token[start..i].ToLowerInvariant();
                start = i;
            }
        }

        if (start > 0)
        {
            yield return token[start..].ToLowerInvariant();
        }
    }

    private static Dictionary<string, InfrastructureWord> Vocabulary()
    {
        var words = new Dictionary<string, InfrastructureWord>(StringComparer.Ordinal);
        void Add(ResourceClass kind, string name, bool isGeneric, string spellings, bool isHosted = false)
        {
            var word = new InfrastructureWord(kind, name, isGeneric, isHosted);
            foreach (var spelling in spellings.Split(' '))
            {
                words.Add(spelling, word);
            }
        }

        Add(ResourceClass.Database, "database", true, "db database databases sql jdbc hikari hikaripool datasource rdbms");
        Add(ResourceClass.Database, "postgres", false, "postgres postgre postgresql pg psql npgsql pgbouncer pgx pq");
        Add(ResourceClass.Database, "mysql", false, "mysql mysqld mariadb");
        Add(ResourceClass.Database, "mongodb", false, "mongo mongodb mongod");
        Add(ResourceClass.Database, "cassandra", false, "cassandra scylla scylladb");
        Add(ResourceClass.Database, "sqlserver", false, "sqlserver mssql");
        Add(ResourceClass.Database, "oracle", false, "oracle");
        Add(ResourceClass.Database, "dynamodb", false, "dynamo dynamodb", isHosted: true);
        Add(ResourceClass.Database, "clickhouse", false, "clickhouse");
        Add(ResourceClass.Database, "cockroachdb", false, "cockroach cockroachdb");
        Add(ResourceClass.Cache, "cache", true, "cache");
        Add(ResourceClass.Cache, "redis", false, "redis jedis lettuce valkey");
        Add(ResourceClass.Cache, "memcached", false, "memcached memcache");
        Add(ResourceClass.Broker, "message broker", true, "broker brokers mq amqp");
        Add(ResourceClass.Broker, "kafka", false, "kafka");
        Add(ResourceClass.Broker, "rabbitmq", false, "rabbit rabbitmq");
        Add(ResourceClass.Broker, "nats", false, "nats");
        Add(ResourceClass.Broker, "pulsar", false, "pulsar");
        Add(ResourceClass.Broker, "sqs", false, "sqs", isHosted: true);
        Add(ResourceClass.Search, "elasticsearch", false, "elasticsearch opensearch");
        Add(ResourceClass.ObjectStore, "s3", false, "s3", isHosted: true);
        Add(ResourceClass.ObjectStore, "minio", false, "minio");
        Add(ResourceClass.Mail, "smtp", false, "smtp");
        Add(ResourceClass.NameResolution, "dns", false, "dns coredns nameserver");
        Add(ResourceClass.Directory, "ldap", false, "ldap");
        Add(ResourceClass.Coordination, "zookeeper", false, "zookeeper");
        Add(ResourceClass.Coordination, "etcd", false, "etcd");
        Add(ResourceClass.Coordination, "consul", false, "consul");
        return words;
    }
}
