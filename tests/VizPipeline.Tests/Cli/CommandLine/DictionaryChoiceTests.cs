using VizPipeline.Cli.CommandLine;
using VizPipeline.Network.Dictionaries;

namespace VizPipeline.Tests.Cli.CommandLine;

/// <summary>Dictionaries as users name them.</summary>
public class DictionaryChoiceTests
{
    [Theory]
    [InlineData("features.10=sae.safetensors", "features.10", "sae.safetensors", "sae")]
    [InlineData("conv=a/b/my sae.pt,k=32", "conv", "a/b/my sae.pt", "my-sae")]
    [InlineData("conv=a/layer12/sae_weights.safetensors", "conv", "a/layer12/sae_weights.safetensors", "layer12")]
    [InlineData("conv=x.npy,name=stripes", "conv", "x.npy", "stripes")]
    [InlineData("conv=pca:64", "conv", "pca:64", "pca64")]
    public void Layer_file_and_name(string text, string layer, string file, string name)
    {
        var choice = DictionaryChoice.Parse("--dictionary", text);
        Assert.Equal((layer, file, name), (choice.Layer, choice.File, choice.Name));
    }

    [Fact]
    public void What_the_file_does_not_say_follows_it()
    {
        var choice = DictionaryChoice.Parse("--dictionary", "conv=x.pt,k=32,subtract=b_dec");
        Assert.Equal(new DictionarySettings { Count = 32, SubtractsDecoderBias = true }, choice.Settings);
        choice = DictionaryChoice.Parse("--dictionary", "conv=x.pt,threshold=0.25,activation=jumprelu,subtract=none");
        Assert.Equal(
            new DictionarySettings { Threshold = 0.25f, Activation = DictionaryActivation.JumpRelu, SubtractsDecoderBias = false },
            choice.Settings);
        Assert.Equal(DictionaryActivation.None, DictionaryChoice.Parse("--directions", "conv=x.npy").Settings.Activation);
        Assert.Equal(64, DictionaryChoice.Parse("--dictionary", "conv=pca:64").Components);
    }

    [Theory]
    [InlineData("sae.safetensors", "give LAYER=FILE")]
    [InlineData("conv=", "give LAYER=FILE")]
    [InlineData("=x.pt", "give LAYER=FILE")]
    [InlineData("conv=x.pt,k=0", "'0' is not a number of features")]
    [InlineData("conv=x.pt,k=-3", "'-3' is not a number of features")]
    [InlineData("conv=x.pt,threshold=NaN", "'NaN' is not a number")]
    [InlineData("conv=x.pt,activation=gelu", "activation 'gelu' is unknown; use none, relu, topk or jumprelu")]
    [InlineData("conv=x.pt,subtract=all", "'subtract=all' is unknown")]
    [InlineData("conv=x.pt,topk=3", "'topk=3' is unknown; known are name=, k=, threshold=")]
    [InlineData("conv=x.pt,name=a/b", "the name 'a/b' must be 1 to 40 letters")]
    [InlineData("conv=pca:many", "'many' is not a number of features")]
    public void What_is_wrong_is_named_with_what_to_do(string text, string expected)
        => Assert.Contains(
            expected, Assert.Throws<UsageException>(() => DictionaryChoice.Parse("--dictionary", text)).Message, StringComparison.Ordinal);
}
