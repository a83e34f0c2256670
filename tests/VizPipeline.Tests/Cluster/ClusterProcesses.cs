using VizPipeline.Tests.EndToEnd;

namespace VizPipeline.Tests.Cluster;

/// <summary>Tests that share the real servers run one at a time, because some of them stop a server.</summary>
[CollectionDefinition(Name)]
public sealed class ClusterProcesses : ICollectionFixture<SampleMaterial>
{
    public const string Name = "cluster of processes";
}
