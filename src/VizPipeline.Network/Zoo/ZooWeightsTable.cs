namespace VizPipeline.Network.Zoo;

/// <summary>torchvision's official ImageNet weights by architecture, its default ones first (torchvision 0.26).</summary>
/// <remarks>The SWAG weights are left out, because their licence restricts their use.</remarks>
internal static class ZooWeightsTable
{
    private const string V1 = "IMAGENET1K_V1";
    private const string V2 = "IMAGENET1K_V2";

    private static readonly Dictionary<string, ZooWeights[]> ByName = new()
    {
        ["alexnet"] = [new(V1, "alexnet-owt-7be5be79.pth")],
        ["vgg11"] = [new(V1, "vgg11-8a719046.pth")],
        ["vgg11_bn"] = [new(V1, "vgg11_bn-6002323d.pth")],
        ["vgg13"] = [new(V1, "vgg13-19584684.pth")],
        ["vgg13_bn"] = [new(V1, "vgg13_bn-abd245e5.pth")],
        ["vgg16"] = [new(V1, "vgg16-397923af.pth")],
        ["vgg16_bn"] = [new(V1, "vgg16_bn-6c64b313.pth")],
        ["vgg19"] = [new(V1, "vgg19-dcbb9e9d.pth")],
        ["vgg19_bn"] = [new(V1, "vgg19_bn-c79401a0.pth")],
        ["squeezenet1_0"] = [new(V1, "squeezenet1_0-b66bff10.pth")],
        ["squeezenet1_1"] = [new(V1, "squeezenet1_1-b8a52dc0.pth")],
        ["resnet18"] = [new(V1, "resnet18-f37072fd.pth")],
        ["resnet34"] = [new(V1, "resnet34-b627a593.pth")],
        ["resnet50"] = [Second("resnet50-11ad3fa6.pth"), new(V1, "resnet50-0676ba61.pth")],
        ["resnet101"] = [Second("resnet101-cd907fc2.pth"), new(V1, "resnet101-63fe2227.pth")],
        ["resnet152"] = [Second("resnet152-f82ba261.pth"), new(V1, "resnet152-394f9c45.pth")],
        ["resnext50_32x4d"] = [Second("resnext50_32x4d-1a0047aa.pth"), new(V1, "resnext50_32x4d-7cdf4587.pth")],
        ["resnext101_32x8d"] = [Second("resnext101_32x8d-110c445d.pth"), new(V1, "resnext101_32x8d-8ba56ff5.pth")],
        ["resnext101_64x4d"] = [new(V1, "resnext101_64x4d-173b62eb.pth", ShorterSide: 232)],
        ["wide_resnet50_2"] = [Second("wide_resnet50_2-9ba9bcbe.pth"), new(V1, "wide_resnet50_2-95faca4d.pth")],
        ["wide_resnet101_2"] = [Second("wide_resnet101_2-d733dc28.pth"), new(V1, "wide_resnet101_2-32ee1156.pth")],
        ["googlenet"] = [new(V1, "googlenet-1378be20.pth")],
        ["inception_v3"] = [new(V1, "inception_v3_google-0cc3c7bd.pth", 299, 342)],
        ["densenet121"] = [new(V1, "densenet121-a639ec97.pth")],
        ["densenet161"] = [new(V1, "densenet161-8d451a50.pth")],
        ["densenet169"] = [new(V1, "densenet169-b2777c0a.pth")],
        ["densenet201"] = [new(V1, "densenet201-c1103571.pth")],
        ["mobilenet_v2"] = [Second("mobilenet_v2-7ebf99e0.pth"), new(V1, "mobilenet_v2-b0353104.pth")],
        ["mobilenet_v3_small"] = [new(V1, "mobilenet_v3_small-047dcff4.pth")],
        ["mobilenet_v3_large"] = [Second("mobilenet_v3_large-5c1a4163.pth"), new(V1, "mobilenet_v3_large-8738ca79.pth")],
        ["efficientnet_b0"] = [new(V1, "efficientnet_b0_rwightman-7f5810bc.pth", 224, 256, Bicubic: true)],
        ["efficientnet_b1"] = [new(
            V2, "efficientnet_b1-c27df63c.pth", 240, 255), new(V1, "efficientnet_b1_rwightman-bac287d4.pth", 240, 256, Bicubic: true)],
        ["efficientnet_b2"] = [new(V1, "efficientnet_b2_rwightman-c35c1473.pth", 288, 288, Bicubic: true)],
        ["efficientnet_b3"] = [new(V1, "efficientnet_b3_rwightman-b3899882.pth", 300, 320, Bicubic: true)],
        ["efficientnet_b4"] = [new(V1, "efficientnet_b4_rwightman-23ab8bcd.pth", 380, 384, Bicubic: true)],
        ["efficientnet_b5"] = [new(V1, "efficientnet_b5_lukemelas-1a07897c.pth", 456, 456, Bicubic: true)],
        ["efficientnet_b6"] = [new(V1, "efficientnet_b6_lukemelas-24a108a5.pth", 528, 528, Bicubic: true)],
        ["efficientnet_b7"] = [new(V1, "efficientnet_b7_lukemelas-c5b4e57e.pth", 600, 600, Bicubic: true)],
        ["efficientnet_v2_s"] = [new(V1, "efficientnet_v2_s-dd5fe13b.pth", 384, 384)],
        ["efficientnet_v2_m"] = [new(V1, "efficientnet_v2_m-dc08266a.pth", 480, 480)],
        ["efficientnet_v2_l"] = [new(V1, "efficientnet_v2_l-59c71312.pth", 480, 480, Bicubic: true, HalfMean: true)],
        ["shufflenet_v2_x0_5"] = [new(V1, "shufflenetv2_x0.5-f707e7126e.pth")],
        ["shufflenet_v2_x1_0"] = [new(V1, "shufflenetv2_x1-5666bf0f80.pth")],
        ["shufflenet_v2_x1_5"] = [new(V1, "shufflenetv2_x1_5-3c479a10.pth", ShorterSide: 232)],
        ["shufflenet_v2_x2_0"] = [new(V1, "shufflenetv2_x2_0-8be3c8ee.pth", ShorterSide: 232)],
        ["mnasnet0_5"] = [new(V1, "mnasnet0.5_top1_67.823-3ffadce67e.pth")],
        ["mnasnet0_75"] = [new(V1, "mnasnet0_75-7090bc5f.pth", ShorterSide: 232)],
        ["mnasnet1_0"] = [new(V1, "mnasnet1.0_top1_73.512-f206786ef8.pth")],
        ["mnasnet1_3"] = [new(V1, "mnasnet1_3-a4c69d6f.pth", ShorterSide: 232)],
        ["convnext_tiny"] = [new(V1, "convnext_tiny-983f1562.pth", ShorterSide: 236)],
        ["convnext_small"] = [new(V1, "convnext_small-0c510722.pth", ShorterSide: 230)],
        ["convnext_base"] = [new(V1, "convnext_base-6075fbad.pth", ShorterSide: 232)],
        ["convnext_large"] = [new(V1, "convnext_large-ea097f82.pth", ShorterSide: 232)],
        ["regnet_x_400mf"] = [Second("regnet_x_400mf-62229a5f.pth"), new(V1, "regnet_x_400mf-adf1edd5.pth")],
        ["regnet_x_800mf"] = [Second("regnet_x_800mf-94a99ebd.pth"), new(V1, "regnet_x_800mf-ad17e45c.pth")],
        ["regnet_x_1_6gf"] = [Second("regnet_x_1_6gf-a12f2b72.pth"), new(V1, "regnet_x_1_6gf-e3633e7f.pth")],
        ["regnet_x_3_2gf"] = [Second("regnet_x_3_2gf-7071aa85.pth"), new(V1, "regnet_x_3_2gf-f342aeae.pth")],
        ["regnet_x_8gf"] = [Second("regnet_x_8gf-2b70d774.pth"), new(V1, "regnet_x_8gf-03ceed89.pth")],
        ["regnet_x_16gf"] = [Second("regnet_x_16gf-ba3796d7.pth"), new(V1, "regnet_x_16gf-2007eb11.pth")],
        ["regnet_x_32gf"] = [Second("regnet_x_32gf-6eb8fdc6.pth"), new(V1, "regnet_x_32gf-9d47f8d0.pth")],
        ["regnet_y_400mf"] = [Second("regnet_y_400mf-e6988f5f.pth"), new(V1, "regnet_y_400mf-c65dace8.pth")],
        ["regnet_y_800mf"] = [Second("regnet_y_800mf-58fc7688.pth"), new(V1, "regnet_y_800mf-1b27b58c.pth")],
        ["regnet_y_1_6gf"] = [Second("regnet_y_1_6gf-0d7bc02a.pth"), new(V1, "regnet_y_1_6gf-b11a554e.pth")],
        ["regnet_y_3_2gf"] = [Second("regnet_y_3_2gf-9180c971.pth"), new(V1, "regnet_y_3_2gf-b5a9779c.pth")],
        ["regnet_y_8gf"] = [Second("regnet_y_8gf-dc2b1b54.pth"), new(V1, "regnet_y_8gf-d0d0e4a8.pth")],
        ["regnet_y_16gf"] = [Second("regnet_y_16gf-3e4a00f9.pth"), new(V1, "regnet_y_16gf-9e6ed7dd.pth")],
        ["regnet_y_32gf"] = [Second("regnet_y_32gf-8db6d4b5.pth"), new(V1, "regnet_y_32gf-4dee3f7a.pth")],
    };

    /// <summary>Returns the weights of an architecture; empty for one that torchvision does not have.</summary>
    public static IReadOnlyList<ZooWeights> Find(string name) => ByName.GetValueOrDefault(name) ?? [];

    // torchvision's new recipe, evaluated at 232 pixels.
    private static ZooWeights Second(string file) => new(V2, file, ShorterSide: 232);
}
