/*
 * noise_vectors.h - three published handshakes of XX, typed in: each has the
 * three messages and the first two transport messages, the responder's first.
 */
#ifndef SOTTO_TESTS_UNIT_CHANNEL_NOISE_VECTORS_H
#define SOTTO_TESTS_UNIT_CHANNEL_NOISE_VECTORS_H

#include "core/channel/cipher.h"

struct noise_vector {
    enum sotto_suite suite;
    const char *prologue;
    const char *init_s;
    const char *init_e;
    const char *resp_s;
    const char *resp_e;
    const char *hash;
    struct {
        const char *payload;
        const char *ciphertext;
    } messages[5];
};

/* cacophony, vectors/cacophony.txt at commit 8ee9d41 (public domain) */
static const struct noise_vector cacophony_aesgcm = {
    .suite = SOTTO_SUITE_AESGCM,
    .prologue = "4a6f686e2047616c74",
    .init_s =
        "e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1",
    .init_e =
        "893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a",
    .resp_s =
        "4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893",
    .resp_e =
        "bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b",
    .hash = "1b7aefb1125762aa21a252890d00af54519638b76437444538f9a52f21e2e0dc",
    .messages =
        {
            {"4c756477696720766f6e204d69736573",
             "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944"
             "4c756477696720766f6e204d69736573"},
            {"4d757272617920526f746862617264",
             "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f144808843"
             "757117acceb05bd7a45733bc22015c97a9d0cbaf41b80446d5988ff5127235d7"
             "6b79eade70f473d6a4ef521fdcbeda5340d01e028ba793fc059f2724a83af05f"
             "12dda0448a7621a926b379a92477fd"},
            {"462e20412e20486179656b",
             "c90f1cf77eba4e50edb038991565e36c9758943a989229b6051244dc4fbecb69"
             "46744b401af2ee1a5881b65fbb87fd07cb6a328ececc9ce6ce84c399dc332d4f"
             "d521fa4bb7f467ce909395"},
            {"4361726c204d656e676572",
             "bc3fa77f6aca3e8466d7dc6bea10013e88a6a29add5132b461806c"},
            {"4a65616e2d426170746973746520536179",
             "250b01074cdfe0df2ecf8ccbf1737b15a2ddb5b52fd9a396604e9c793cee3b3b"
             "b9"},
        },
};

/* the same file */
static const struct noise_vector cacophony_chachapoly = {
    .suite = SOTTO_SUITE_CHACHAPOLY,
    .prologue = "4a6f686e2047616c74",
    .init_s =
        "e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1",
    .init_e =
        "893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a",
    .resp_s =
        "4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893",
    .resp_e =
        "bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b",
    .hash = "c8e5f64e846193be2a834104c2a009868d6c9f3bd3c186299888b488b2f1f58e",
    .messages =
        {
            {"4c756477696720766f6e204d69736573",
             "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944"
             "4c756477696720766f6e204d69736573"},
            {"4d757272617920526f746862617264",
             "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f144808843"
             "81cbad1f276e038c48378ffce2b65285e08d6b68aaa3629a5a8639392490e5b9"
             "bd5269c2f1e4f488ed8831161f19b7815528f8982ffe09be9b5c412f8a0db50f"
             "8814c7194e83f23dbd8d162c9326ad"},
            {"462e20412e20486179656b",
             "c7195ffacac1307ff99046f219750fc47693e23c3cb08b89c2af808b444850a8"
             "0ae475b9df0f169ae80a89be0865b57f58c9fea0d4ec82a286427402f113e4b6"
             "ae769a1d95941d49b25030"},
            {"4361726c204d656e676572",
             "96763ed773f8e47bb3712f0e29b3060ffc956ffc146cee53d5e1df"},
            {"4a65616e2d426170746973746520536179",
             "3e40f15f6f3a46ae446b253bf8b1d9ffb6ed9b174d272328ff91a7e2e5c79c07"
             "f5"},
        },
};

/* made for this project with an independent Python implementation */
static const struct noise_vector own_a128cbchs256 = {
    .suite = SOTTO_SUITE_A128CBCHS256,
    .prologue = "",
    .init_s =
        "3ed31425888353a453be1942c04cfd0203b10e9885eb2c5a3d784de290ec11f8",
    .init_e =
        "8aad44439f956c50cae76bbb22fe12f04e40e50a027d5bc4ed9eb565218162ae",
    .resp_s =
        "8f512290ec6a1f3844bb9f8c185f0a250e0a81c4dd74c442ec96e2463a4f4d8f",
    .resp_e =
        "bde4f812d841d14a900f74e39bfbb1f98908198341f9b3fa826fc17d612e18c7",
    .hash = "613da1a3bae17b12737013ff7df7004079a9c43094ad1cbf761619ac8d05e12d",
    .messages =
        {
            {"cbadab7b71",
             "3e17d2bd9adeb403245ee724e4d9c040d3ca057ca36268f8db50b0c6fbe30717"
             "cbadab7b71"},
            {"041045918663fa28c6c31ffb4cc1b53d1b0040bb9c5bc93ef73886172db8a352"
             "714b0b86386be85c9d2ab9d9c75ce1",
             "78574d9e3c4903ffd5b389797037e637688a1b6a0b6fe86247c2f18e87e86043"
             "8c5524ed9879a5b30077de71b9ff08294b72d84d5e914a781902ae277a5a6860"
             "9d4042832f8010646dad0697f8ed168fd77fc4ee22482745f3f692d4d3fa49f7"
             "6998a8a68b7a92df893a9d1058f7850220a59a4e82384d30100d1307839155ba"
             "857e7c379b398d2cb8fbc216061709fcf643c3e4873f6a4e0dcd46dc134d5b4"
             "4"},
            {"6aa6d7a37492aac5b9f2f74906c7026458aa1349904b22eda9910e553c3cd46b"
             "8e61ddbe93d4afae8e44b3be767037dc",
             "c59a2712464bf8a1db04de79fc61c78e32f64dbce6f7c8d539cafd22b1898992"
             "37ede23e09e3867c022129157057650c1b65e1c0c93a48d2948fc2a5ba615a97"
             "5557c1fe7b5e4b11b9adb25263aeaaa40f43ad9a22f402c7266ed8c1e748e72e"
             "c4faaab83a1d23562363f7d2b35dde47330e4d6daae3227a4d6ed8d0dc8e1e5a"
             "06c9769427011965817433d79d9c384e"},
            {"da7235f6cf", "9d54996df4109ff88fc925ad9da3c7393107c52559bb1331c6a"
                           "85bba940db3dc"},
            {"6ef6237572078996c2ef23fd706f25bfb41cfe9bf09fbeb7a247853ebec52845"
             "0168df59ec9a34b483c117434367e5",
             "e119899d1cc1689ee2b93af07643a0230355c7805e6f27b873a31eabf0d40204"
             "b329f2ac747e8d568274051c81ee30cd8be477943b4d3505083a0e5155c520a"
             "6"},
        },
};

#endif
