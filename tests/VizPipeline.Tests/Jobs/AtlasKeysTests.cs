using CsCheck;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Tests.Jobs;

public sealed class AtlasKeysTests
{
    [Theory]
    [InlineData("conv1", "conv1")]
    [InlineData("features.3.expand3x3", "features.3.expand3x3")]
    [InlineData("layer1_0", "layer1_0")]
    [InlineData("fire/merge", "fire-2fmerge")]
    [InlineData("a-b", "a-2db")]
    [InlineData("..", "-2e.")]
    [InlineData("é", "-c3-a9")]
    public void Layer_names_become_file_names(string name, string expected) => Assert.Equal(expected, AtlasKeys.LayerFileName(name));

    [Fact]
    public void Every_key_is_a_valid_key()
        => Gen.String.Where(name => name.Length > 0).Sample(name => Assert.All(AllKeys(name), ObjectKey.Check));

    [Fact]
    public void Different_layers_have_different_keys()
    {
        var letters = Gen.Char["aA2f.-_/é~"];
        Gen.Select(Gen.String[letters, 1, 4], Gen.String[letters, 1, 4])
            .Where((one, other) => one != other)
            .Sample((one, other) => Assert.Empty(AllKeys(one).Intersect(AllKeys(other))), iter: 20_000);
    }

    [Fact]
    public void Different_objects_of_a_layer_have_different_keys()
        => Assert.Equal(AllKeys("x").Length, AllKeys("x").Distinct().Count());

    [Fact]
    public void Very_long_names_stay_apart_and_fit_a_file_system()
    {
        var one = AtlasKeys.LayerFileName(new string('x', 5000));
        var other = AtlasKeys.LayerFileName(new string('x', 5001));

        Assert.NotEqual(one, other);
        Assert.True(one.Length < 240);
    }

    private static string[] AllKeys(string layer) =>
    [
        AtlasKeys.LayerTable("atlas", layer),
        AtlasKeys.LayerProfiles("atlas", layer),
        AtlasKeys.PatchesTable("atlas", layer, 0, 64),
        AtlasKeys.AscentTable("atlas", layer, 0, 64, "3", 0),
        AtlasKeys.AscentTable("atlas", layer, 0, 64, "3", -1),
        AtlasKeys.FiltersTable("atlas", layer),
        AtlasKeys.LayerLinks("atlas", layer),
        AtlasKeys.SheetTable("atlas", layer),
        AtlasKeys.Picture("atlas", layer, "top9", 0),
        AtlasKeys.Picture("atlas", layer, "top9", 0, layer),
        AtlasKeys.AscentPicture("atlas", layer, 0, "3", 0),
        AtlasKeys.AscentPicture("atlas", layer, 0, "preset3", 0, 1),
        AtlasKeys.AscentPicture("atlas", layer, 0, "fourier", 0),
        AtlasKeys.AscentPicture("atlas", layer, 0, "fourier", 0, 1),
        AtlasKeys.LayerPicture("atlas", layer, "filters"),
        AtlasKeys.Sheet("atlas", layer),
    ];
}
