using VizPipeline.Tests;
using VizPipeline.Tests.Cluster;
using VizPipeline.Tests.Containers;
using VizPipeline.Tests.EndToEnd;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace VizPipeline.Tests;

/// <summary>Starts the long collections first: started by chance in the middle, one of them runs alone at the end.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Long = [ClusterProcesses.Name, ContainerTests.Name, VizProcesses.Name];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection
        => [.. testCollections.OrderBy(collection => (uint)Array.IndexOf(Long, collection.TestCollectionDisplayName))];
}
