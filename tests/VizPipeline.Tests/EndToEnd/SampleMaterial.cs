using VizPipeline.Sample.Model;
using VizPipeline.Sample.Pictures;
using VizPipeline.Tests.ObjectStore;

namespace VizPipeline.Tests.EndToEnd;

/// <summary>The sample network and generated pictures in a folder, made once for all tests that start processes.</summary>
public sealed class SampleMaterial : IDisposable
{
    public const int Pictures = 120;
    private readonly TemporaryFolder _folder = new();

    public SampleMaterial()
    {
        Model = SampleNetwork.WriteTo(_folder.File("model"));
        PictureFolder.Generate(Images, Pictures, seed: 7);
    }

    public string Model { get; }

    public string Images => _folder.File("images");

    /// <summary>A folder for one atlas, which is not there yet.</summary>
    public string Out(string name) => _folder.File(name);

    public void Dispose() => _folder.Dispose();
}

/// <summary>Tests that start processes run one after the other: together they would only measure how busy the machine is.</summary>
[CollectionDefinition(Name)]
public sealed class VizProcesses : ICollectionFixture<SampleMaterial>
{
    public const string Name = "viz as a process";
}
