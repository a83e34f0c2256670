using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.PyTorch;

namespace VizPipeline.Tests.Network.Formats.PyTorch;

/// <summary>What training scripts of several schools save, and where the weights are in it.</summary>
public class CheckpointTests
{
    [Theory]
    [InlineData("state_dict"), InlineData("model_state_dict"), InlineData("model"), InlineData("model_state"), InlineData("net")]
    [InlineData("network"), InlineData("params")]
    [InlineData("model_ema"), InlineData("state_dict_ema"), InlineData("ema"), InlineData("our_own_word_for_it")]
    public void Weights_are_found_beside_optimizer_and_arguments(string key)
    {
        var tensors = Read(root => root
            .Text("epoch").Number(90)
            // Adam's state: tensors by the parameters' numbers, and groups.
            .Text("optimizer").Dict(optimizer => optimizer
                .Text("state").Dict(state => state.Number(0).Dict(adam => adam.Text("step").Number(1).Text("exp_avg").Pair()))
                .Text("param_groups").Op(']').Op('(')
                    .Dict(group => group.Text("lr").Raw((byte)'G', 0x3f, 0x50, 0x62, 0x4d, 0xd2, 0xf1, 0xa9, 0xfc)).Op('e'))
            .Text("args").Global("argparse", "Namespace").Op(')').Raw(0x81).Dict(
                args => args.Text("lr").Number(1).Text("out").Global("pathlib", "PosixPath").Op('(').Text("runs").Op('t').Op('R')).Op('b')
            .Text("best").Global("numpy.core.multiarray", "scalar").Op('(').Global("numpy", "dtype").Op('(').Text("f8").Raw(0x89).Raw(0x88)
                .Op('t').Op('R')
                .Op('(').Number(3).Text("<").Op('N').Op('N').Op('N').Number(-1).Number(-1).Number(0).Op('t').Op('b')
                .Global("_codecs", "encode").Op('(').Text("\u00008").Text("latin1").Op('t').Op('R').Op('t').Op('R')
            .Text(key).OrderedDict(dict => dict.Text("conv.weight").Pair()));
        Assert.Equal(["conv.weight"], tensors.Keys);
        Assert.Equal([1, 2], tensors["conv.weight"].Values);
    }

    [Theory]
    [InlineData("multisteplr.pth"), InlineData("datetime-beside.pth"), InlineData("defaultdict-beside.pth")]
    [InlineData("lightning-save_hyperparameters.ckpt")]
    public void Objects_beside_the_weights_are_stepped_over(string file)
    {
        var tensors = StateDict.Read(TestData.Path("strangers", "04-checkpoint-scheduler-counter", file));
        Assert.Equal(122, tensors.Count);
        Assert.Equal([2, 3, 7, 7], tensors["conv1.weight"].Shape);
    }

    [Fact]
    public void A_state_dict_may_be_a_dict_of_a_class_of_its_own()
    {
        var tensors = Read(root => root.Text("state_dict").Global("addict.addict", "Dict").Op(')').Raw(0x81).Op('(').Text(
            "conv.weight").Pair().Op('u'));
        Assert.Equal([1, 2], tensors["conv.weight"].Values);
        tensors = Read(root => root.Text("state_dict").Global("collections", "defaultdict").Global("builtins", "float").Raw(0x85).Op(
            'R').Op('(').Text("conv.weight").Pair().Op('u'));
        Assert.Equal([1, 2], tensors["conv.weight"].Values);
    }

    [Fact]
    public void Random_generators_and_arrays_beside_the_weights_are_stepped_over()
    {
        // PCG64 counts in 128 bits; Counter is called with a dict; arrays of NumPy have a state of bytes.
        var tensors = Read(root => root
            .Text("rng").Raw(0x8a, 16).Raw([.. Enumerable.Repeat((byte)7, 16)])
            .Text("milestones").Global("collections", "Counter").Op('}').Raw(0x85).Op('R')
            .Text("losses").Global("numpy._core.multiarray", "_reconstruct").Op('(').Global("numpy", "ndarray").Tuple(0).Text("b")
                .Op('t').Op('R').Op('(').Number(1).Tuple(2).Op('N').Raw(0x89).Text("bytes").Op('t').Op('b')
            .Text("schedule").Global("functools", "partial").Global("torch.optim.lr_scheduler", "step").Raw(0x85).Op('R').Op(')').Op('R')
            .Text("seen").Global("__builtin__", "list").Op(')').Raw(0x81).Number(1).Op('a')
            .Text("a.weight").Pair());
        Assert.Equal(["a.weight"], tensors.Keys);
    }

    [Fact]
    public void Averaged_weights_are_taken_only_where_there_are_no_others()
    {
        var tensors = Read(
            root => root.Text("model_ema").Dict(dict => dict.Text("a").Pair()).Text("model").Dict(dict => dict.Text("b").Pair()));
        Assert.Equal(["b"], tensors.Keys);
        var averaged = Read(root => root.Text("n_averaged").Tensor("0", 2, [], []).Text("module.a").Pair().Text("module.b").Pair());
        Assert.Equal(["a", "b"], averaged.Keys);
    }

    [Theory]
    [InlineData("module.", "module.")]
    [InlineData("_orig_mod.module.", "_orig_mod.module.")]
    [InlineData("model.", "model.")]
    [InlineData("module.model.", "module.model.")]
    [InlineData("net._orig_mod.", "net._orig_mod.")]
    public void Prefixes_that_all_names_have_go(string first, string second)
        => Assert.Equal(
            ["conv.weight", "conv.bias"], Read(root => root.Text($"{first}conv.weight").Pair().Text($"{second}conv.bias").Pair()).Keys);

    [Fact]
    public void Prefixes_that_some_names_have_stay()
        => Assert.Equal(["model.weight", "loss.weight"], Read(root => root.Text("model.weight").Pair().Text("loss.weight").Pair()).Keys);

    [Fact]
    public void Old_names_of_dense_layers_become_todays()
    {
        var tensors = Read(root => root
            .Text("module.features.denseblock1.denselayer12.norm.1.running_mean").Pair()
            .Text("module.features.denseblock1.denselayer12.conv.2.weight").Pair()
            .Text("module.features.transition1.norm.weight").Pair()
            .Text("module.features.denseblock1.denselayer1.conv1.weight").Pair());
        Assert.Equal(
            [
                "features.denseblock1.denselayer12.norm1.running_mean", "features.denseblock1.denselayer12.conv2.weight",
                "features.transition1.norm.weight", "features.denseblock1.denselayer1.conv1.weight",
            ],
            tensors.Keys);
    }

    [Fact]
    public void A_tensor_with_attributes_is_its_tensor()
    {
        var tensors = Read(root => root.Text("a").Global("torch._tensor", "_rebuild_from_type_v2").Op('(')
            .Global("torch._utils", "_rebuild_tensor_v2").Global("torch.nn.parameter", "Parameter")
            .Op('(').Storage("0", 2).Number(0).Tuple(2).Tuple(1).Raw(0x89).Global("collections", "OrderedDict").Op(')').Op('R').Op('t')
            .Dict(state => state.Text("tag").Number(1)).Op('t').Op('R'));
        Assert.Equal([1, 2], tensors["a"].Values);
    }

    private static IReadOnlyDictionary<string, FloatTensor> Read(Action<PickleWriter> root)
    {
        using var folder = new TempFolder();
        return StateDict.Read(folder.Write("test.pth", TorchZip.Of(new PickleWriter().Dict(root).End(), TorchZip.Floats("0", 1, 2))));
    }
}
