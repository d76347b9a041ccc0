// Most of their time these tests wait for a server, a client or a database: four at once keep two cores busy.
[assembly: Xunit.v3.Parallelization(MaxThreads = 4)]
